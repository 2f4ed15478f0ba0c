// The CommonJS side: the same types through require.
import nanotally = require('nanotally')

const requests = nanotally.counter({ name: 'http_requests_total', help: 'Requests served.', labels: ['method'] })
requests.inc({ method: 'GET' })
// @ts-expect-error a wrong label
requests.inc({ path: '/' })

export const registry: nanotally.Registry = nanotally.registry
