"""Settings of the site that `python tools/generate.py site` builds from these pages."""

project = "distilforensics"
extensions = ["myst_parser"]
root_doc = "docs/index"
html_theme = "furo"
html_title = "distilforensics"
html_show_copyright = False
html_show_sphinx = False
html_copy_source = False
html_show_sourcelink = False
html_last_updated_fmt = None
# Every link to a page and to a chapter of one is checked: the build fails on a warning.
nitpicky = True
myst_heading_anchors = 3
myst_enable_extensions = ["attrs_inline"]
# Code of other programs and made-up text inside of fences is shown as it is.
suppress_warnings = ["misc.highlighting_failure"]
