// Opens pages of reports in Chromium at three widths: no console message, no request, no sideways scrolling, no finding of axe-core.
// Also prints each page as PDF and takes a picture per width. For looking at a report by hand; the tests do not need it.
//
//   npm install axe-core puppeteer-core        (in any folder; name it with NODE_MODULES)
//   NODE_MODULES=/path/node_modules node tools/look.mjs OUT report.html editions/letter.html ...
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const require = createRequire(join(resolve(process.env.NODE_MODULES ?? "node_modules"), "x.js"));
const puppeteer = require("puppeteer-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const [out, ...files] = process.argv.slice(2);
const WIDTHS = [390, 800, 1400];
mkdirSync(out, { recursive: true });
const browser = await puppeteer.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
let failures = 0;

for (const file of files) {
  for (const width of WIDTHS) {
    const page = await browser.newPage();
    const found = [];
    page.on("console", (message) => found.push(`console: ${message.text()}`));
    page.on("pageerror", (error) => found.push(`error: ${error.message}`));
    page.on("request", (request) => request.url().startsWith("file:") && !request.isNavigationRequest() && found.push(`request: ${request.url()}`));
    page.on("request", (request) => request.url().startsWith("file:") || found.push(`request: ${request.url()}`));
    await page.setViewport({ width, height: 900 });
    await page.goto(pathToFileURL(resolve(file)).href);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (wide > 0) found.push(`scrolls sideways by ${wide} px`);
    // Annexes are wide tables; those of the report itself have to be read on a phone.
    const tables = await page.evaluate(() => [...document.querySelectorAll("body:not(.wide) .scroll")]
      .filter((box) => box.querySelector("table") && box.scrollWidth > box.clientWidth + 1)
      .map((box) => box.getAttribute("aria-label")));
    if (tables.length) found.push(`tables wider than the page: ${tables.join("; ")}`);
    const name = `${resolve(file).split("/").slice(-4).join("_").replace(".html", "")}-${width}`;
    await page.screenshot({ path: join(out, `${name}.png`), fullPage: true });
    await page.setBypassCSP(true);
    const { violations } = await page.evaluate(`${axe}; axe.run(document, {resultTypes: ["violations"]})`);
    for (const violation of violations) found.push(`axe: ${violation.id} (${violation.nodes.length}): ${violation.nodes[0].html.slice(0, 120)}`);
    if (width === WIDTHS.at(-1)) await page.pdf({ path: join(out, `${name}.pdf`), preferCSSPageSize: true, printBackground: true });
    console.log(`${found.length ? "FAILS" : "clean"} ${basename(file)} at ${width} px`);
    found.forEach((line) => console.log(`  ${line}`));
    failures += found.length;
    await page.close();
  }
}
await browser.close();
process.exit(failures ? 1 : 0);
