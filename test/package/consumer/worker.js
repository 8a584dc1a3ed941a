// A worker's console is its own: what main.js prints there goes to the page.
console.log = (text) => postMessage(text);
await import("./main.js");
