/** Numbers of 16 bits, as the doubles that they are exactly. */

/** IEEE 754 binary16: 1 bit of sign, 5 of exponent, 10 of fraction. */
export function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction ? Number.NaN : sign * Infinity;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}

const single = new Float32Array(1);
const word = new Uint32Array(single.buffer);

/** bfloat16: the upper half of a number in single precision. */
export function fromBrain(bits: number): number {
  word[0] = (bits & 0xffff) << 16;
  return single[0];
}
