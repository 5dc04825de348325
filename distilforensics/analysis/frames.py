"""Frames that are worded anew for every request: prompts whose edges agree in wording beyond what unrelated prompts do.

A frame is a star, never a chain: one prompt is its centre, the wording that recurs around it is its profile, and a prompt belongs to the
frame whose profile it agrees with best. Two prompts are never joined because both resemble a third one.
Frames are found on a sample of prompts and then looked up for all of them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Numbers = npt.NDArray[np.int64]
    Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class FrameRules:
    """What makes prompts one frame. Each has its unit and reason in `frames.toml`."""

    min_accounts: int
    min_agreeing: int
    min_millibits: int
    min_profile_share: float
    max_edge_share: float
    min_common_accounts: float
    max_trials: int


@dataclass(frozen=True, slots=True)
class Sample:
    """Sampled prompts: one entry of `values` per prompt and shared wording, ordered by prompt; the other arrays have one entry per prompt."""

    prompts: Numbers
    values: Numbers
    accounts: Numbers
    begins: Numbers
    ends: Numbers


@dataclass(frozen=True, slots=True)
class Frames:
    """Found frames: pairs of wording and frame, sorted by wording, with the weight of the wording; and the id of every frame."""

    values: Numbers
    frames: Numbers
    millibits: Numbers
    ids: list[str]

    def best(self, prompts: Numbers, values: Numbers, n_prompts: int, rules: FrameRules) -> Numbers:
        """Return for every prompt the frame that it agrees with best, -1 for none.

        Args:
            prompts: Number of the prompt for every entry of `values`.
            values: Wording of the prompts.
            n_prompts: Number of prompts.
            rules: What makes a prompt part of a frame.
        """
        result = np.full(n_prompts, -1, np.int64)
        if not self.ids:
            return result
        first, last = np.searchsorted(self.values, values, "left"), np.searchsorted(self.values, values, "right")
        repeats = last - first
        entry = _ranges(first, last)
        keys, place, n_agreeing = np.unique(
            np.repeat(prompts, repeats) * len(self.ids) + self.frames[entry], return_inverse=True, return_counts=True
        )
        millibits = np.bincount(place, self.millibits[entry], len(keys)).astype(np.int64)
        is_enough = (n_agreeing >= rules.min_agreeing) & (millibits >= rules.min_millibits)
        keys, millibits = keys[is_enough], millibits[is_enough]
        # The heaviest agreement is written last and stays; of equal ones the frame with the lower number.
        order = np.lexsort((-keys, millibits))
        result[keys[order] // len(self.ids)] = keys[order] % len(self.ids)
        return result


def find_frames(sample: Sample, weights: tuple[Numbers, Numbers], rules: FrameRules) -> Frames:
    """Return the frames in a sample.

    Args:
        sample: The sampled prompts.
        weights: Wording that several accounts share, sorted, and the weight of each in thousandths of a bit.
        rules: What makes prompts one frame.
    """
    search = _Search(sample, weights, rules)
    profiles = search.profiles()
    values = np.concatenate([profile for profile, _ in profiles]) if profiles else np.zeros(0, np.int64)
    frames = np.repeat(np.arange(len(profiles)), [len(profile) for profile, _ in profiles]).astype(np.int64)
    order = np.lexsort((frames, values))
    return Frames(
        values[order],
        frames[order],
        weights[1][np.searchsorted(weights[0], values[order])],
        [f"near:{hashlib.md5(centre.tobytes(), usedforsecurity=False).hexdigest()[:16]}" for _, centre in profiles],
    )


def united(frames: Numbers, accounts: Numbers, n_frames: int, rules: FrameRules) -> Numbers:
    """Return for every frame the number of the frame that it is one with: its own, or that of a frame of at least as many accounts, mostly the same.

    A frame whose beginning varies falls apart into as many frames as it has beginnings. Each of them is too thin to be judged, and the same
    accounts send all of them. Again a star and no chain: the accounts of every frame are compared with those of the first one alone.

    Args:
        frames: Frame of every pair of frame and account, ascending; no pair stands twice.
        accounts: Account of every pair, numbered from 0.
        n_frames: Number of frames.
        rules: What makes prompts one frame.
    """
    result = np.arange(n_frames)
    sizes = np.bincount(frames, minlength=n_frames)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    by_account = frames[np.argsort(accounts, kind="stable")]
    first_of_account = np.concatenate([[0], np.cumsum(np.bincount(accounts))])
    is_free = sizes >= rules.min_accounts
    for first in np.lexsort((result, -sizes)):
        if not is_free[first]:
            continue
        held = accounts[starts[first] : starts[first + 1]]
        n_common = np.bincount(
            by_account[_ranges(first_of_account[held], first_of_account[held + 1])], minlength=n_frames
        )
        is_one = is_free & (n_common >= rules.min_common_accounts * (sizes + sizes[first] - n_common))
        result[is_one], is_free[is_one] = first, False
    return result


def _ranges(starts: Numbers, ends: Numbers) -> Numbers:
    """Return all numbers from each start up to its end, one range after the other."""
    sizes = ends - starts
    numbers: Numbers = np.repeat(ends - np.cumsum(sizes), sizes) + np.arange(sizes.sum())
    return numbers


class _Search:
    """The sample, arranged for looking up prompts by wording and wording by prompt."""

    def __init__(self, sample: Sample, weights: tuple[Numbers, Numbers], rules: FrameRules) -> None:
        self.sample, self.rules, (self.shared, self.weights) = sample, rules, weights
        self.value_no = np.searchsorted(self.shared, sample.values)
        by_value = np.argsort(self.value_no, kind="stable")
        self.value_starts = np.searchsorted(self.value_no[by_value], np.arange(len(self.shared) + 1))
        self.held: Numbers = sample.prompts[by_value]
        self.prompt_starts = np.searchsorted(sample.prompts, np.arange(len(sample.accounts) + 1))
        self.weight_sums = np.concatenate([[0], np.cumsum(self.weights[self.value_no])])
        self.is_free = np.ones(len(sample.accounts), np.bool_)
        self.is_marked = np.zeros(len(sample.accounts), np.bool_)

    def profiles(self) -> list[tuple[Numbers, Numbers]]:
        """Return profile and centre of every frame, those that most accounts share first."""
        found = []
        for pair in self._pairs()[: self.rules.max_trials]:
            carriers = self._carriers(pair)
            if len(np.unique(self.sample.accounts[carriers])) < self.rules.min_accounts:
                continue
            centre = self._wording(carriers[np.argmax(self._weight_of(carriers))])
            profile = self._profile(self._agreeing(centre))
            members = self._agreeing(profile)
            if not self._is_frame(members):
                self.is_free[carriers] = False
                continue
            self.is_free[members] = False
            if not self._is_edge(members):
                found.append((self.shared[np.sort(profile)], self.shared[centre]))
        return found

    def _pairs(self) -> Numbers:
        """Return pairs of wording that stand side by side in the sketches of enough accounts, the most widespread first."""
        is_pair = self.sample.prompts[1:] == self.sample.prompts[:-1]
        pairs = (self.value_no[:-1] * len(self.shared) + self.value_no[1:])[is_pair]
        accounts = self.sample.accounts[self.sample.prompts[:-1][is_pair]]
        order = np.lexsort((accounts, pairs))
        pairs, accounts = pairs[order], accounts[order]
        is_new = np.ones(len(pairs), np.bool_)
        is_new[1:] = (pairs[1:] != pairs[:-1]) | (accounts[1:] != accounts[:-1])
        values, counts = np.unique(pairs[is_new], return_counts=True)
        values, counts = values[counts >= self.rules.min_accounts], counts[counts >= self.rules.min_accounts]
        return values[np.lexsort((values, -counts))]

    def _holders(self, value: int) -> Numbers:
        return self.held[self.value_starts[value] : self.value_starts[value + 1]]

    def _carriers(self, pair: int) -> Numbers:
        """Return the free prompts that hold both wordings of a pair; of fewer than can be a frame perhaps others beside them."""
        one, two = sorted((self._holders(pair // len(self.shared)), self._holders(pair % len(self.shared))), key=len)
        free: Numbers = one[self.is_free[one]]
        if len(free) < self.rules.min_accounts:
            return free
        self.is_marked[free] = True
        both: Numbers = two[self.is_marked[two]]
        self.is_marked[free] = False
        return both

    def _wording(self, prompt: int) -> Numbers:
        return self.value_no[self.prompt_starts[prompt] : self.prompt_starts[prompt + 1]]

    def _weight_of(self, prompts: Numbers) -> Numbers:
        """Return how many millibits of shared wording every prompt holds."""
        weight: Numbers = (
            self.weight_sums[self.prompt_starts[prompts + 1]] - self.weight_sums[self.prompt_starts[prompts]]
        )
        return weight

    def _agreeing(self, wording: Numbers) -> Numbers:
        """Return the free prompts that agree with the wording well enough."""
        holders = [self._holders(value) for value in wording]
        if not holders:
            return np.zeros(0, np.int64)
        prompts, place, n_agreeing = np.unique(np.concatenate(holders), return_inverse=True, return_counts=True)
        millibits = np.bincount(
            place, np.repeat(self.weights[wording], [len(holder) for holder in holders]), len(prompts)
        )
        is_enough = (n_agreeing >= self.rules.min_agreeing) & (millibits >= self.rules.min_millibits)
        return prompts[is_enough & self.is_free[prompts]]

    def _profile(self, members: Numbers) -> Numbers:
        """Return the wording that recurs among the members."""
        entry = _ranges(self.prompt_starts[members], self.prompt_starts[members + 1])
        values, counts = np.unique(self.value_no[entry], return_counts=True)
        return values[counts >= max(2.0, self.rules.min_profile_share * len(members))]

    def _is_frame(self, members: Numbers) -> bool:
        return len(np.unique(self.sample.accounts[members])) >= self.rules.min_accounts

    def _is_edge(self, members: Numbers) -> bool:
        """Return whether nearly all members begin or end with the same bytes: then a template of that kind says it all."""
        return any(
            np.unique(edge[members], return_counts=True)[1].max() >= self.rules.max_edge_share * len(members)
            for edge in (self.sample.begins, self.sample.ends)
        )
