/**
 * Element i of the array at p in every lane; a function an element, because load offsets must be
 * literals.
 */

// @ts-ignore: decorator
@inline
export function splat0<T>(p: usize): v128 {
  if (sizeof<T>() == 4) return v128.load32_splat(p);
  return v128.load64_splat(p);
}

// @ts-ignore: decorator
@inline
export function splat1<T>(p: usize): v128 {
  if (sizeof<T>() == 4) return v128.load32_splat(p, 4);
  return v128.load64_splat(p, 8);
}

// @ts-ignore: decorator
@inline
export function splat2<T>(p: usize): v128 {
  if (sizeof<T>() == 4) return v128.load32_splat(p, 8);
  return v128.load64_splat(p, 16);
}

// @ts-ignore: decorator
@inline
export function splat3<T>(p: usize): v128 {
  if (sizeof<T>() == 4) return v128.load32_splat(p, 12);
  return v128.load64_splat(p, 24);
}

// @ts-ignore: decorator
@inline
export function splat4<T>(p: usize): v128 {
  if (sizeof<T>() == 4) return v128.load32_splat(p, 16);
  return v128.load64_splat(p, 32);
}

// @ts-ignore: decorator
@inline
export function splat5<T>(p: usize): v128 {
  if (sizeof<T>() == 4) return v128.load32_splat(p, 20);
  return v128.load64_splat(p, 40);
}
