"""What answers need is told from their code, before a page runs them."""

import copy

import numpy as np
import scipy.sparse
import torch

from mini_compress import datasets, measuring
from mini_compress.kernels import masks
from tests.support.page_modules import missing_modules


def of_numpy(x):
    return copy.copy(masks.keep_largest(np.abs(x), 0.5)), measuring.Score(x)


def of_torch(x):
    return [torch.from_numpy(one) for one in x]


def by_another(x):
    def inner():
        return of_torch(x)

    return inner()


def of_the_package(x):
    return datasets.load(x)


def calls_itself(x):
    return calls_itself(scipy.sparse.csr_array(x))


def test_numpy_the_standard_library_and_kernels_are_in_a_page():
    assert missing_modules(of_numpy) == set()


def test_what_a_function_uses_is_found_in_those_it_calls_too():
    assert missing_modules(of_torch) == {"torch"}
    assert missing_modules(by_another) == {"torch"}
    assert missing_modules(calls_itself) == {"scipy"}


def test_the_package_has_parts_that_need_more_than_numpy():
    assert missing_modules(of_the_package) == {"mini_compress.datasets"}


def test_an_attribute_that_is_named_as_a_module_is_none():
    assert missing_modules(lambda x: x.torch.datasets) == set()
