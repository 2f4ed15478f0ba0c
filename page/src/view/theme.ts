// Light or dark: as the system has it, until the reader decides; the decision is remembered.
// The colours are custom properties of styles/colors.css, which charts read from here.

const STORAGE_KEY = 'nanotally-theme'

type Theme = 'light' | 'dark'

const dark = matchMedia('(prefers-color-scheme: dark)')
const colors = new Map<string, string>()

/** Where the browser keeps nothing for this page, access throws: the decision then lasts as long as the page. */
function storage(): Storage | undefined {
  try {
    return localStorage
  } catch {
    return undefined
  }
}

function current(): Theme {
  const { theme } = document.documentElement.dataset
  return theme === 'light' || theme === 'dark' ? theme : dark.matches ? 'dark' : 'light'
}

/** Applies what is remembered. Runs before the page is drawn. */
export function applyRememberedTheme(): void {
  const remembered = storage()?.getItem(STORAGE_KEY)
  if (remembered === 'light' || remembered === 'dark') document.documentElement.dataset.theme = remembered
}

/** Makes the button switch; `onChange` is called when the colours have changed, by it or by the system. */
export function bindTheme(button: HTMLButtonElement, onChange: () => void): void {
  const show = () => {
    const other = current() === 'dark' ? 'Light' : 'Dark'
    button.textContent = other
    button.setAttribute('aria-label', `Switch to ${other.toLowerCase()} colours`)
    colors.clear()
    onChange()
  }
  button.addEventListener('click', () => {
    const theme = current() === 'dark' ? 'light' : 'dark'
    document.documentElement.dataset.theme = theme
    storage()?.setItem(STORAGE_KEY, theme)
    show()
  })
  dark.addEventListener('change', show)
  show()
}

/** A colour by the name of its custom property, without the dashes. */
export function color(name: string): string {
  let value = colors.get(name)
  if (value === undefined) {
    // The property itself is two colours; that of an element is the one of the theme.
    document.body.style.outlineColor = `var(--${name})`
    value = getComputedStyle(document.body).outlineColor
    colors.set(name, value)
  }
  return value
}
