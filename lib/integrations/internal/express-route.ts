// The template of the route that an Express request took: the templates of the mount points on its way, and the route's own.
//
// Express 4 and 5 keep the route (`request.route`), but of mounts only the path as it came (`request.baseUrl`), and put even
// that back when an error leaves their router. So the way to the route is looked for in the routers' stacks, once for each
// route, and its layers are asked what they match. From Express 5.3 on a layer tells its pattern. Older ones are asked with one
// segment of the path replaced: where that still matches, the segment is a parameter. What is learned so is kept with the layer.

/** What is needed of a request: Express'. */
export interface ExpressRequestLike {
  readonly url?: string | undefined
  readonly originalUrl: string
  readonly baseUrl: string
  // biome-ignore lint/suspicious/noExplicitAny: it is what Express says it is, in its own types
  readonly route?: any
  readonly app: object
}

interface Layer {
  readonly handle?: {
    readonly stack?: unknown
    readonly _router?: { readonly stack?: unknown }
    readonly router?: unknown
  }
  readonly route?: object
  /** Before 5.3 it says whether, and leaves what it found in the layer. */
  match(path: string): boolean | Match
  readonly path?: string
  readonly params?: Readonly<Record<string, unknown>>
}

interface Match {
  readonly path: string
  readonly params: Readonly<Record<string, unknown>>
  /** From 5.3 on. */
  readonly pattern?: unknown
}

interface App {
  readonly _router?: { readonly stack?: unknown }
  readonly router?: { readonly stack?: unknown }
  readonly mountpath?: unknown
  readonly parent?: App
}

/** Stands for mount points of which nothing is known, such as of a router inside a function of the program's own. */
const UNKNOWN_MOUNT = '(mounted)'
const MAX_DEPTH = 16
/** Templates that are kept for a layer: more than one only where its path is a list. Past it they are a `*`. */
const MAX_LEARNED = 8

/** The ways to a route: the layers of its mounts, from an app's own stack on. */
interface Ways {
  readonly app: App
  readonly ways: readonly (readonly Layer[])[]
}

const waysTo = new WeakMap<object, Ways>()
const learned = new WeakMap<Layer, string[][]>()

/**
 * The template; undefined where no route was taken.
 *
 * @param outer - the app that the request came to first
 */
export function routeTemplate(request: ExpressRequestLike, outer: object): string | undefined {
  const route = request.route as { path?: unknown } | undefined
  if (typeof route !== 'object' || route === null) return undefined
  const base = baseOf(request, route, outer)
  const own = textOf(route.path)
  if (base === '') return own
  return own === '/' || own === '' ? base : `${base}${own}`
}

function textOf(path: unknown): string {
  return Array.isArray(path) ? path.map(textOf).join('|') : String(path)
}

function baseOf(request: ExpressRequestLike, route: object, outer: object): string {
  let found = waysTo.get(route)
  // One that was not found may be so from another app, as when an error left its own.
  if (found === undefined || (found.ways.length === 0 && found.app !== request.app)) {
    found = findWays(route, [outer, request.app] as App[])
    waysTo.set(route, found)
  }
  const { app, ways } = found
  const mount = mountOf(app)
  if (ways.length === 1 && ways[0]?.length === 0) return mount
  const path = pathInside(mount, request.originalUrl)
  for (const way of ways) {
    const template = follow(way, path)
    if (template !== undefined) return mount + template
  }
  // The path was rewritten, or the router cannot be seen from here.
  return `${mount}/${UNKNOWN_MOUNT}`
}

/** A mounted app is a function to the one that it is mounted in: only one that a router holds can be looked into. */
function findWays(route: object, apps: readonly App[]): Ways {
  for (const app of apps) {
    const ways = [...search(route, stackOf(app), [])]
    if (ways.length > 0) return { app, ways }
  }
  return { app: apps.at(-1) as App, ways: [] }
}

/** Where an app is mounted in others: '' for one that is not. */
function mountOf({ parent, mountpath }: App): string {
  if (parent === undefined) return ''
  const own = textOf(mountpath)
  return mountOf(parent) + (own === '/' ? '' : own)
}

function stackOf(holder: App | Layer['handle']): readonly Layer[] {
  if (holder === undefined || holder === null) return []
  // Express 4 throws when it is asked for `router`.
  const { stack } = ('stack' in holder ? holder : ((holder as App)._router ?? routerOf(holder as App) ?? {})) as {
    stack?: unknown
  }
  return Array.isArray(stack) ? stack : []
}

function routerOf(app: App): { readonly stack?: unknown } | undefined {
  try {
    return app.router
  } catch {
    return undefined
  }
}

function* search(route: object, stack: readonly Layer[], way: readonly Layer[]): Generator<readonly Layer[]> {
  if (way.length > MAX_DEPTH) return
  for (const layer of stack) {
    if (layer.route === route) yield way
    // A way that meets itself leads nowhere.
    else if (layer.route === undefined && !way.includes(layer)) {
      yield* search(route, stackOf(layer.handle), [...way, layer])
    }
  }
}

/** The path of a request as an app sees it that is mounted there: without as many segments as its mount has. */
function pathInside(mount: string, originalUrl: string): string {
  const end = originalUrl.search(/[?#]/)
  const path = end < 0 ? originalUrl : originalUrl.slice(0, end)
  if (mount === '') return path
  return `/${path.split('/').slice(mount.split('/').length).join('/')}`
}

/** The mounts' templates; undefined where the path does not lead through them. */
function follow(way: readonly Layer[], path: string): string | undefined {
  let template = ''
  let rest = path
  for (const layer of way) {
    const match = matchOf(layer, rest)
    if (match === undefined) return undefined
    const own = match.pattern === undefined ? learn(layer, match.path) : textOf(match.pattern)
    if (own !== '/') template += own
    rest = rest.slice(match.path.length)
    if (!rest.startsWith('/')) rest = `/${rest}`
  }
  return template
}

function matchOf(layer: Layer, path: string): Match | undefined {
  const match = layer.match(path)
  if (match === false) return undefined
  return match === true ? { path: layer.path ?? '', params: layer.params ?? {} } : match
}

/** The template of a layer that does not tell its pattern, by the path that it matched. */
function learn(layer: Layer, path: string): string {
  // Express 4 takes a slash at the end for a part of the mount.
  const segments = path.replace(/\/$/, '').split('/')
  let templates = learned.get(layer)
  if (templates === undefined) {
    templates = []
    learned.set(layer, templates)
  }
  const known = templates.find((template) => fits(template, segments))
  if (known !== undefined) return known.join('/')
  if (templates.length >= MAX_LEARNED) return '/*'
  const template = segments.map((segment, i) => (segment === '' ? '' : segmentTemplate(layer, segments, i)))
  templates.push(template)
  return template.join('/')
}

function fits(template: readonly string[], segments: readonly string[]): boolean {
  if (template.length !== segments.length) return false
  return template.every((own, i) => {
    const segment = segments[i] as string
    return own === segment || own === segment.toLowerCase() || /[:*]/.test(own)
  })
}

/** Texts that a parameter may be: a word, and a number where it has to be one. */
const PROBES = ['nanotally', '9120374']

function segmentTemplate(layer: Layer, segments: readonly string[], at: number): string {
  const own = segments[at] as string
  const matched = (text: string): Match | undefined => {
    const path = segments.with(at, text).join('/')
    const match = matchOf(layer, path)
    return match?.path === path ? match : undefined
  }
  const named = (match: Match, text: string) => Object.keys(match.params).find((name) => match.params[name] === text)
  for (const probe of PROBES) {
    const match = matched(probe)
    if (match !== undefined) {
      const name = named(match, probe)
      return name === undefined || /^\d+$/.test(name) ? '*' : `:${name}`
    }
  }
  // A part of the segment may be one: /v:version.
  for (const suffix of ['x', '0']) {
    if (matched(own + suffix) !== undefined) return '*'
  }
  // Where case does not matter, one text stands for all of its spellings.
  const lower = own.toLowerCase()
  return matched(lower) === undefined ? own : lower
}
