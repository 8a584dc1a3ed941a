// TypeDoc puts links into what opens and closes a list; no control may hold another. Here the link becomes the first entry of its list.
const separate = () => {
  for (const link of document.querySelectorAll(".site-menu summary a")) {
    const summary = link.closest("summary");
    const name = document.createElement("span");
    name.append(...[...link.childNodes].map((node) => node.cloneNode(true)));
    const entry = document.createElement("li");
    const list = summary.parentElement.querySelector("ul");
    link.replaceWith(name);
    entry.append(link);
    list?.prepend(entry);
  }
};
new MutationObserver(separate).observe(document.documentElement, { childList: true, subtree: true });
