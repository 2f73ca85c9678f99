"""Huffman codes as plain loops; bits are texts of 0 and 1."""

import math

__all__ = ["code_lengths", "decode_bits", "encode_bits", "entropy"]


def entropy(symbols) -> float:
    """Add up share * log2(1 / share) over the symbols that occur."""
    symbols = list(symbols.flat)
    shares = [symbols.count(x) / len(symbols) for x in set(symbols)]
    return sum(share * math.log2(1 / share) for share in shares)


def code_lengths(counts) -> list[int]:
    """Join the two rarest groups, again and again: each symbol a bit longer."""
    lengths = [0] * len(counts)
    groups = [(int(n), [x]) for x, n in enumerate(counts) if n > 0]
    if len(groups) == 1:
        lengths[groups[0][1][0]] = 1
    while len(groups) > 1:
        groups.sort(key=lambda group: group[0])
        (one, symbols), (other, others), *groups = groups
        groups.append((one + other, symbols + others))
        for symbol in symbols + others:
            lengths[symbol] += 1
    return lengths


def encode_bits(symbols, lengths) -> str:
    """Write down the code of one symbol after the other."""
    codes = canonical_codes(lengths)
    return "".join(codes[int(symbol)] for symbol in symbols)


def decode_bits(bits, lengths, count) -> list[int]:
    """Read bit after bit, until what has been read is a symbol's code."""
    names = {code: x for x, code in canonical_codes(lengths).items()}
    symbols: list[int] = []
    code = ""
    for bit in bits:
        if len(symbols) == count:
            break
        code += bit
        if code in names:
            symbols.append(names[code])
            code = ""
    return symbols


def canonical_codes(lengths) -> dict[int, str]:
    """Count upwards, from short codes to long ones, in order of symbols."""
    codes, number, width = {}, 0, 0
    for length, symbol in sorted((n, x) for x, n in enumerate(lengths) if n):
        number <<= int(length) - width
        width = int(length)
        codes[symbol] = f"{number:0{width}b}"
        number += 1
    return codes
