"""LZString in its Base64 form, by which wishket.com packs the filters of a search into one parameter.

LZString is LZ78 over UTF-16 code units, written as a stream of bits: a code is as wide as the dictionary
needs at that moment, its lowest bit first; code 0 announces a new unit of 8 bits, code 1 one of 16, code 2
the end. Algorithm: https://pieroxy.net/blog/pages/lz-string/index.html. It is written here because the
package of that name on PyPI had its last release in 2018.
"""

from __future__ import annotations

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)}
_BITS_A_LETTER = 6
_NEW_8_BITS, _NEW_16_BITS, _END = 0, 1, 2
_FIRST_CODE = 3


def compress_to_base64(text: str) -> str:
    """`text` as JavaScript's `LZString.compressToBase64` writes it, padding included."""
    writer = _Writer()
    codes: dict[str, int] = {}
    unwritten: set[str] = set()
    word = ""
    for unit in _units(text):
        if unit not in codes:
            codes[unit] = len(codes) + _FIRST_CODE
            unwritten.add(unit)
        if word + unit in codes:
            word += unit
            continue
        writer.write_word(word, codes, unwritten)
        codes[word + unit] = len(codes) + _FIRST_CODE
        word = unit
    if word:
        writer.write_word(word, codes, unwritten)
    writer.write(_END, writer.width)
    return writer.base64()


def decompress_from_base64(packed: str) -> str:
    """What `compress_to_base64` packed.

    Raises:
        ValueError: `packed` is not such a text, or its end is missing.
    """
    reader = _Reader(packed)
    code = reader.read(2)
    if code == _END:
        return ""
    word = reader.read_unit(code)
    words = [word]
    found: dict[int, str] = {_FIRST_CODE: word}
    width, room = 3, 4
    while (code := reader.read(width)) != _END:
        if code in {_NEW_8_BITS, _NEW_16_BITS}:
            unit = reader.read_unit(code)
            code = len(found) + _FIRST_CODE
            found[code] = unit
            room -= 1
            if not room:
                room, width = 2**width, width + 1
        if code in found:
            entry = found[code]
        elif code == len(found) + _FIRST_CODE:
            entry = word + word[0]
        else:
            raise ValueError(f"{packed[:40]!r} is not LZString: it uses code {code} before defining it")
        words.append(entry)
        found[len(found) + _FIRST_CODE] = word + entry[0]
        word = entry
        room -= 1
        if not room:
            room, width = 2**width, width + 1
    return "".join(words).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def _units(text: str) -> list[str]:
    """The UTF-16 code units of `text`, each as one character, as JavaScript sees a string."""
    data = text.encode("utf-16-le", "surrogatepass")
    return [chr(data[at] | data[at + 1] << 8) for at in range(0, len(data), 2)]


class _Writer:
    """The stream of bits and the width of the next code."""

    def __init__(self) -> None:
        self.width = 2
        self._room = 2
        self._bits: list[int] = []

    def write(self, value: int, width: int) -> None:
        self._bits.extend(value >> place & 1 for place in range(width))

    def write_word(self, word: str, codes: dict[str, int], unwritten: set[str]) -> None:
        """The code of `word`; where it is a unit that comes for the first time, the unit itself."""
        if not word:
            return
        if word in unwritten:
            wide = ord(word) > 0xFF
            self.write(_NEW_16_BITS if wide else _NEW_8_BITS, self.width)
            self.write(ord(word), 16 if wide else 8)
            unwritten.remove(word)
            self._grow()
        else:
            self.write(codes[word], self.width)
        self._grow()

    def _grow(self) -> None:
        self._room -= 1
        if not self._room:
            self._room, self.width = 2**self.width, self.width + 1

    def base64(self) -> str:
        """Six bits a letter, the highest first; the original always adds at least one bit to fill up."""
        bits = self._bits + [0] * (_BITS_A_LETTER - len(self._bits) % _BITS_A_LETTER)
        letters = [
            _ALPHABET[int("".join(map(str, bits[at : at + _BITS_A_LETTER])), 2)]
            for at in range(0, len(bits), _BITS_A_LETTER)
        ]
        return "".join(letters) + "=" * (-len(letters) % 4)


class _Reader:
    """The bits of a packed text, in their order."""

    def __init__(self, packed: str) -> None:
        self._packed = packed
        try:
            values = [_VALUES[letter] for letter in packed.rstrip("=")]
        except KeyError as error:
            raise ValueError(f"{packed[:40]!r} is not LZString: {error} is no letter of Base64") from None
        self._bits = [value >> place & 1 for value in values for place in reversed(range(_BITS_A_LETTER))]
        self._at = 0

    def read(self, width: int) -> int:
        bits = self._bits[self._at : self._at + width]
        if len(bits) < width:
            raise ValueError(f"{self._packed[:40]!r} is not LZString: it breaks off before its end")
        self._at += width
        return sum(bit << place for place, bit in enumerate(bits))

    def read_unit(self, code: int) -> str:
        """The unit that `code` announces."""
        if code not in {_NEW_8_BITS, _NEW_16_BITS}:
            raise ValueError(f"{self._packed[:40]!r} is not LZString: it does not begin with a character")
        return chr(self.read(8 if code == _NEW_8_BITS else 16))
