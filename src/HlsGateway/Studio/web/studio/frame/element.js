import { LitElement, noChange } from "lit";
import { Directive, directive } from "lit/directive.js";

export { html, svg, nothing } from "lit";
export { repeat } from "lit/directives/repeat.js";

/**
 * Sets properties of an element's style: `style=${styleMap({ left: "3px" })}`. Lit's own writes a style attribute first, which the
 * page's policy refuses; properties are set by script and need no such leave.
 */
export const styleMap = directive(class extends Directive {
  render() {
    return noChange;
  }

  update(part, [properties]) {
    for (const [name, value] of Object.entries(properties)) part.element.style.setProperty(name, value);
    return noChange;
  }
});

/**
 * The base of every element of the Studio. It renders into the page itself and not into a shadow tree: one style sheet, one
 * order of the Tab key, and axe and tests see what people see.
 */
export class StudioElement extends LitElement {
  #gone = new AbortController();

  /** Fires when the element has left the page: for fetches, listeners and timers that must not outlive it. */
  get gone() {
    return this.#gone.signal;
  }

  createRenderRoot() {
    return this;
  }

  connectedCallback() {
    if (this.#gone.signal.aborted) this.#gone = new AbortController();
    super.connectedCallback();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#gone.abort();
  }
}

/** Makes a part's own style sheet hold for the page, once. */
export function adopt(sheet) {
  if (!document.adoptedStyleSheets.includes(sheet)) document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}
