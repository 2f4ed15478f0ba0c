// deploy/compose.yaml, which is not run here: it is what Compose's schema allows, it names what there is, and it gives nothing away.
// The schema is the one that the package dclint brings.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import Ajv from 'ajv'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { DEPLOY, deployText, prometheusConfig } from '../support/deploy.js'

const ROOT = join(DEPLOY, '..')
const require = createRequire(import.meta.url)
const SCHEMA = join(dirname(require.resolve('dclint/package.json')), 'schemas/compose.schema.json')

interface Service {
  image?: string
  build?: { context: string; dockerfile: string }
  command?: string[]
  environment?: Record<string, string>
  healthcheck?: { test: string[] }
  mem_limit?: string
  networks?: string[]
  ports?: string[]
  restart?: string
  secrets?: (string | { source: string; target: string })[]
  volumes?: string[]
}

interface Compose {
  services: Record<string, Service>
  volumes: Record<string, unknown>
  secrets: Record<string, { file: string }>
  networks: Record<string, unknown>
}

const compose: Compose = parse(deployText('compose.yaml'), { merge: true })
const services = Object.entries(compose.services)

/** Of which machine paths a container may see something. */
const OF_THE_MACHINE = ['/']

// The dialect is named by an address that ajv does not know: it is draft 07, as ajv takes it by default.
const { $schema: dialect, ...schema } = JSON.parse(readFileSync(SCHEMA, 'utf8'))
const validate = new Ajv({ strict: false, allErrors: true }).compile(schema)

function faultsOf(document: unknown): string[] {
  return validate(document)
    ? []
    : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
}

test('it is what Compose’s schema allows', () => {
  expect(dialect).toMatch(/json-schema\.org\/draft-07\/schema/)
  expect(faultsOf(compose)).toEqual([])
})

test.each<[string, Partial<Record<string, unknown>>]>([
  ['a key that there is not', { memory_limit: '1g' }],
  ['a restart policy of a wrong type', { restart: 1 }],
  ['ports that are no list', { ports: '3000:3000' }],
])('the schema refuses %s', (_, change) => {
  const { grafana } = compose.services
  expect(faultsOf({ ...compose, services: { ...compose.services, grafana: { ...grafana, ...change } } })).not.toEqual(
    [],
  )
})

describe('each service', () => {
  test('there is one for each target of prometheus.yml', () => {
    const hosts = prometheusConfig().scrape_configs.flatMap(({ static_configs: groups = [] }) =>
      groups.flatMap(({ targets }) => targets.map((target) => target.split(':')[0])),
    )
    expect(hosts.length).toBeGreaterThan(8)
    expect(hosts.filter((host) => !((host as string) in compose.services))).toEqual([])
  })

  test.each(services)('%s: health, memory, restart, a version', (_, { healthcheck, mem_limit, restart, image }) => {
    expect(healthcheck?.test.length).toBeGreaterThan(1)
    expect(mem_limit).toMatch(/^\d+[mg]$/)
    expect(restart).toBe('unless-stopped')
    expect(image).toMatch(/:(v?\d+\.\d+(\.\d+)?(-alpine)?|local)$/)
  })

  test.each(services)('%s: no port but on loopback', (_, { ports = [] }) => {
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/)
  })

  test('no two have the same port', () => {
    const ports = services.flatMap(([, { ports = [] }]) => ports.map((port) => port.split(':')[1]))
    expect(ports.length).toBeGreaterThan(3)
    expect(new Set(ports).size).toBe(ports.length)
  })

  test.each(services)('%s: what it mounts is there, and only volumes can be written to', (_, { volumes = [] }) => {
    for (const volume of volumes) {
      const [source = '', target, mode = ''] = volume.split(':')
      if (source in compose.volumes) continue
      expect(target).toMatch(/^\//)
      expect(mode.split(',')).toContain('ro')
      if (!OF_THE_MACHINE.includes(source))
        expect([source, existsSync(resolve(DEPLOY, source))]).toEqual([source, true])
    }
  })

  test('each named volume, network and secret is used, and there is each that is used', () => {
    const used = services.flatMap(([, { secrets = [] }]) =>
      secrets.map((secret) => (typeof secret === 'string' ? secret : secret.source)),
    )
    expect([...new Set(used)].sort()).toEqual(Object.keys(compose.secrets).sort())
    const mounted = services.flatMap(([, { volumes = [] }]) => volumes.map((volume) => volume.split(':')[0] as string))
    expect(mounted.filter((source) => /^\w/.test(source)).sort()).toEqual(Object.keys(compose.volumes).sort())
    expect(services.flatMap(([, { networks = [] }]) => networks).every((name) => name in compose.networks)).toBe(true)
  })
})

test('Grafana gets every dashboard', () => {
  const mounted = compose.services.grafana?.volumes?.flatMap(
    (volume) => /\.\.\/dashboards\/([\w-]+\.json):/.exec(volume)?.[1] ?? [],
  )
  const all = readdirSync(`${ROOT}/dashboards`).filter((name) => name.endsWith('.json'))
  expect(all.length).toBeGreaterThan(10)
  expect(mounted).toEqual(all.sort())
})

test('what is built is there', () => {
  const { build, command: engine } = compose.services.engine as Required<Service>
  const { command: receiver } = compose.services['alert-receiver'] as Required<Service>
  for (const path of [join(build.context, build.dockerfile), `../${engine[1]}`, `../${receiver[1]}`]) {
    expect([path, existsSync(resolve(DEPLOY, path))]).toEqual([path, true])
  }
  const copied = [...deployText('Dockerfile').matchAll(/^COPY --from=build \/nanotally\/(\S+)/gm)].map(
    ([, path]) => path,
  )
  expect(copied).toContain('deploy/programs')
  expect(copied.filter((path) => !existsSync(join(ROOT, path as string)))).toEqual([])
})

describe('secrets', () => {
  const files = [
    'compose.yaml',
    'Dockerfile',
    'prometheus/prometheus.yml',
    'prometheus/kubernetes.yml',
    'alertmanager/alertmanager.yml',
  ]
  /** A setting that holds a secret itself, with a value. */
  const LITERAL = /(password|passwd|token|secret|credentials|routing_key|api_url|_key)['"]?[:=] *['"]?[^\s'"$/.[{]/i

  /** Lines that hold one. */
  const literals = (text: string) => text.split('\n').filter((line) => !/^\s*#/.test(line) && LITERAL.test(line))

  test.each(files)('%s holds none', (file) => {
    expect(literals(deployText(file))).toEqual([])
  })

  test.each([
    'POSTGRES_PASSWORD: postgres',
    '  GF_SECURITY_ADMIN_PASSWORD=admin',
    'routing_key: 0123',
    'credentials: "abc"',
  ])('a line like %s would be found', (line) => {
    expect(literals(line)).toEqual([line])
  })

  test('are files of one folder that git, npm and Docker leave alone', () => {
    for (const { file } of Object.values(compose.secrets)) expect(file).toMatch(/^\.\/secrets\/[a-z-]+$/)
    expect(readFileSync(`${ROOT}/.gitignore`, 'utf8').split('\n')).toContain('deploy/secrets/')
    expect(deployText('Dockerfile.dockerignore').split('\n')).toContain('deploy/secrets')
    const { files: packed } = JSON.parse(readFileSync(`${ROOT}/package.json`, 'utf8'))
    // What is packed is named: `deploy` as a whole would take the secrets with it.
    expect(packed.filter((path: string) => path.startsWith('deploy'))).toEqual([
      'deploy/alertmanager',
      'deploy/kubernetes',
      'deploy/postgres/monitoring.sql',
      'deploy/prometheus',
    ])
  })

  test('docs/deploy.md makes each of them', () => {
    const text = readFileSync(`${ROOT}/docs/deploy.md`, 'utf8')
    const names = Object.values(compose.secrets).map(({ file }) => file.replace('./secrets/', ''))
    expect(names.filter((name) => !text.includes(name))).toEqual([])
  })
})
