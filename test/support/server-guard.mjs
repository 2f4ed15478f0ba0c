// Runs one server for a test and ends with it: node server-guard.mjs FOLDER COMMAND ARGUMENT...
// When the test process closes the IPC channel, by intention or by dying in any way, the guard stops the server and
// removes its folder. Its exit code is the server's.
import { spawn } from 'node:child_process'
import { rmSync } from 'node:fs'

const [folder, command, ...args] = process.argv.slice(2)
const server = spawn(command, args, { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] })

let force
function stop() {
  server.kill('SIGTERM')
  force ??= setTimeout(() => server.kill('SIGKILL'), 10_000)
}
function end(code) {
  clearTimeout(force)
  process.off('disconnect', stop)
  rmSync(folder, { recursive: true, force: true })
  process.exitCode = code
  if (process.connected) process.disconnect()
}

process.on('disconnect', stop)
// Ctrl-C reaches the whole process group: the guard must live on to clean up.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stop)
server.on('spawn', () => {
  if (process.connected) process.send({ pid: server.pid })
})
server.on('error', (error) => {
  console.error(`${command}: ${error.message}`)
  end(127)
})
server.on('exit', (code) => end(code ?? 1))
