"""Loops over pixels and points as machine code: compiled when they are first called, and kept for the next process."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """A function of arrays and numbers that calls no other one of ours, compiled by numba; threads run beside it.

    Floating point is as written (nothing is reordered), so a call gives the same bytes on every processor. What is compiled
    is kept beside the source, or in the user's cache; where neither can be written, each process compiles anew.
    """

    @functools.cache
    def machine_code() -> Callable[..., Any]:
        from numba import njit  # takes a while to load, and not everybody who imports a module calls what is in it

        try:
            return cast(Callable[..., Any], njit(cache=True, nogil=True, error_model="numpy")(function))
        except RuntimeError:  # there is no place to keep it
            return cast(Callable[..., Any], njit(nogil=True, error_model="numpy")(function))

    @functools.wraps(function)
    def call(*args: Any) -> Any:
        return machine_code()(*args)

    return cast(F, call)
