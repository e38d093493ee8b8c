"""What the test benches are given, and what they must print."""

import hashlib
from collections.abc import Callable, Sequence

_OPERATIONS = [
    "ADD",
    "SUB",
    "AND",
    "OR",
    "XOR",
    "SHL",
    "SHR",
    "MUL",
    "ADDI",
    "LOAD",
    "STORE",
    "BEZ",
    "BNZ",
    "JAL",
    "LUI",
    "HALT",
]
_MESSAGE = b"a design that computes what it should " * 2


def inputs(design: str) -> dict[str, str]:
    """Return the files that a design's bench reads."""
    if design == "sha256":
        return {"words.hex": "\n".join(_blocks(_MESSAGE).hex(" ", 4).split())}
    if design == "processor":
        words = [*_program(), *[0] * 64][:64]
        return {"program.hex": "\n".join(f"{word:04x}" for word in words)}
    return {}


def outputs(design: str) -> list[str]:
    """Return the lines that it must print."""
    return _OUTPUTS[design]()


def _blocks(message: bytes) -> bytes:
    """Pad a message to whole blocks, as FIPS 180-4 says."""
    padded = message + b"\x80"
    padded += bytes(-(len(padded) + 8) % 64)
    return padded + (8 * len(message)).to_bytes(8, "big")


def _sha256() -> list[str]:
    return hashlib.sha256(_MESSAGE).digest().hex(" ", 4).split()


def _uart() -> list[str]:
    return [*(str((k * 37 + 5) % 256) for k in range(10)), "broken 0 full 0"]


def _divider() -> list[str]:
    pairs = [divmod(k * 29 % 64, k + 1) for k in range(63)]
    return [f"{quotient} {remainder}" for quotient, remainder in pairs]


def _systolic() -> list[str]:
    left = [[255 - 20 * i - 7 * k for k in range(3)] for i in range(3)]
    above = [[200 + 11 * k - 30 * j for j in range(3)] for k in range(3)]
    places = [(i, j) for i in range(3) for j in range(3)]
    return [str(sum(left[i][k] * above[k][j] for k in range(3))) for i, j in places]


def _multiplier() -> list[str]:
    product = 0xC0FFEE * 0xBADF00
    return [*(str(product >> k & 1) for k in range(48)), "done 1"]


def _program() -> list[int]:
    """7! by a loop, then every other operation on it; see designs/processor/isa.sv."""

    def three(operation: str, *registers: int) -> int:
        return _packed(operation, registers) << 3

    def with_constant(operation: str, to: int, first: int, constant: int) -> int:
        return _packed(operation, (to, first)) << 6 | constant & 63

    return [
        with_constant("ADDI", 1, 0, 7),
        with_constant("ADDI", 2, 0, 1),
        three("MUL", 2, 2, 1),
        with_constant("ADDI", 1, 1, -1),
        with_constant("BNZ", 1, 0, 2),
        with_constant("STORE", 2, 0, 31),
        with_constant("LOAD", 3, 0, 31),
        with_constant("LUI", 4, 0, 3),
        three("SUB", 5, 3, 4),
        three("XOR", 6, 5, 2),
        with_constant("ADDI", 7, 0, 3),
        three("SHL", 6, 6, 7),
        three("SHR", 5, 5, 7),
        three("AND", 3, 6, 2),
        three("OR", 4, 4, 2),
        with_constant("BEZ", 3, 0, 20),
        with_constant("JAL", 7, 0, 20),
        *[with_constant("HALT", 0, 0, 0)] * 3,
        *(with_constant("STORE", k, 0, 24 + k) for k in range(3, 8)),
        with_constant("HALT", 0, 0, 0),
    ]


def _packed(operation: str, registers: Sequence[int]) -> int:
    word = _OPERATIONS.index(operation)
    for register in registers:
        word = word << 3 | register
    return word


def _processor() -> list[str]:
    """Return registers 3 to 7 at the end of the program."""
    factorial, three_sixtyfours = 5040, 192
    difference = factorial - three_sixtyfours
    shifted = (difference ^ factorial) << 3 & 0xFFFF
    words = (shifted & factorial, three_sixtyfours | factorial, difference >> 3, shifted, 17)
    return [str(word) for word in words]


_OUTPUTS: dict[str, Callable[[], list[str]]] = {
    "divider": _divider,
    "multiplier": _multiplier,
    "processor": _processor,
    "sha256": _sha256,
    "systolic": _systolic,
    "uart": _uart,
}
#: The designs that have a bench.
WITH_BENCH = tuple(_OUTPUTS)
