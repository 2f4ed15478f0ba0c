// Takes what Alertmanager notifies at port 9465, and prints it: put dispatchers of yours in its place (docs/alerting.md).
// TOKEN_FILE names the file with the token that Alertmanager has to bring; HOST, PORT and METRICS_PORT are otherwise as here.
import { readFileSync } from 'node:fs'
import { startExporter } from 'nanotally'
import { startAlertReceiver } from 'nanotally/integrations/alertmanager'

const { HOST = '0.0.0.0', PORT = '9465', METRICS_PORT = '9464', TOKEN_FILE } = process.env
if (TOKEN_FILE === undefined) throw new Error('TOKEN_FILE is not set: name the file with the token of Alertmanager')

const receiver = await startAlertReceiver({
  host: HOST,
  port: Number(PORT),
  credentials: { bearer: readFileSync(TOKEN_FILE, 'utf8').trim() },
  dispatchers: [
    {
      name: 'print',
      dispatch: ({ kind, group, alerts }) => {
        for (const { name, severity, status, annotations } of alerts) {
          const { component } = group
          console.log(JSON.stringify({ kind, component, name, severity, status, description: annotations.description }))
        }
      },
    },
  ],
})
// Its groups, escalations and notifications are metrics; only the stack's network reaches them.
const exporter = await startExporter({ host: HOST, port: Number(METRICS_PORT), allowUnauthenticated: true })
console.log(`alerts ${receiver.url}, metrics ${exporter.url}`)

await new Promise((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, resolve)
})
for (const undelivered of await receiver.close()) console.error(JSON.stringify({ undelivered }))
await exporter.close()
