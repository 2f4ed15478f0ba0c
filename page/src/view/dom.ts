// Elements. All text goes in as text: nothing here, and nothing that uses it, parses HTML.

export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className = '',
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag)
  if (className !== '') made.className = className
  made.append(...children)
  return made
}

/** A button that is no submit button. */
export function button(className: string, ...children: (Node | string)[]): HTMLButtonElement {
  const made = element('button', className, ...children)
  made.type = 'button'
  return made
}

/** An element of index.html. */
export function byId<T extends HTMLElement>(id: string): T {
  return document.getElementById(id) as T
}

/** Sets an element's text; one that is the same is not announced again. */
export function setText(target: Element, text: string): void {
  if (target.textContent !== text) target.textContent = text
}
