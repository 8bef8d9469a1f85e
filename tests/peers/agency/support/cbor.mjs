// Reads deterministic CBOR (RFC 8949 §4.2) as far as an event needs it: a map of integers to integers, bytes and text.

/** The map; throws on anything that is not deterministic. */
export function decode(bytes) {
  const reader = new Reader(bytes);
  const value = reader.value();
  if (reader.at !== bytes.length) throw new Error("bytes after the value");
  return value;
}

class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  head() {
    const first = this.bytes[this.at++];
    const [major, short] = [first >> 5, first & 31];
    if (short < 24) return [major, BigInt(short)];
    if (short > 27) throw new Error("indefinite length");
    const size = 1 << (short - 24);
    let value = 0n;
    for (let i = 0; i < size; i += 1) value = (value << 8n) | BigInt(this.bytes[this.at++]);
    const least = [24n, 1n << 8n, 1n << 16n, 1n << 32n][short - 24];
    if (value < least) throw new Error("not the shortest form");
    return [major, value];
  }

  value() {
    const [major, number] = this.head();
    switch (major) {
      case 0:
        return Number(number);
      case 1:
        return -1 - Number(number);
      case 2:
        return this.take(Number(number));
      case 3:
        return new TextDecoder("utf-8", { fatal: true }).decode(this.take(Number(number)));
      case 5:
        return this.map(Number(number));
      default:
        throw new Error(`major type ${major} is in no event`);
    }
  }

  take(length) {
    if (this.at + length > this.bytes.length) throw new Error("cut");
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  map(length) {
    const map = new Map();
    let before = -1;
    for (let i = 0; i < length; i += 1) {
      const key = this.value();
      if (!(key > before)) throw new Error("keys are not in ascending order");
      map.set(key, this.value());
      before = key;
    }
    return map;
  }
}
