// Compares every global, and what hangs on it, before and after the package is imported; prints
// what differs.
const called = [];
// Node 20 puts this global in place when it is first read, as the loader does.
globalThis.TextDecoder;
const roots = Reflect.ownKeys(globalThis)
  .map((key) => [String(key), Reflect.getOwnPropertyDescriptor(globalThis, key).value])
  .filter(([, value]) => (typeof value === "object" && value !== null) || typeof value === "function");
const watched = [["globalThis", globalThis], ...roots].flatMap(([name, value]) =>
  value.prototype
    ? [
        [name, value],
        [`${name}.prototype`, value.prototype],
      ]
    : [[name, value]],
);

for (const [holder, name] of [
  ...Object.getOwnPropertyNames(WebAssembly).map((name) => [WebAssembly, name]),
  [Math, "random"],
  [Date, "now"],
  [globalThis, "setTimeout"],
  [globalThis, "setInterval"],
  [globalThis, "queueMicrotask"],
  [globalThis, "fetch"],
]) {
  const original = holder[name];
  if (typeof original !== "function") continue;
  holder[name] = new Proxy(original, {
    apply: (target, self, args) => {
      called.push(name);
      return Reflect.apply(target, self, args);
    },
    construct: (target, args) => {
      called.push(`new ${name}`);
      return Reflect.construct(target, args);
    },
  });
}

const snapshot = () =>
  watched.map(([, value]) =>
    Reflect.ownKeys(value).map((key) => {
      const { value: held, get, set } = Reflect.getOwnPropertyDescriptor(value, key);
      return [key, held, get, set];
    }),
  );

const before = snapshot();
const found = Object.keys({ ...(await import("hessia")), ...(await import("hessia/formats")) });
const after = snapshot();
const changed = watched
  .filter((_, i) => {
    const was = before[i].flat();
    const is = after[i].flat();
    return was.length !== is.length || was.some((value, j) => !Object.is(value, is[j]));
  })
  .map(([name]) => name);
if (!found.includes("network") || !found.includes("toOnnx")) changed.push("nothing was imported");
console.log(JSON.stringify({ changed, called }));
