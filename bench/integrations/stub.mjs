// A process that speaks just enough of a database's protocol to answer at once: what is measured is the client.
import { createServer } from 'node:net'

const [kind, path] = process.argv.slice(2)

function message(type, ...parts) {
  const body = Buffer.concat(parts)
  const head = Buffer.alloc(5)
  head.write(type)
  head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}
const int16 = (value) => Buffer.from([value >> 8, value & 255])
const int32 = (value) => Buffer.from([0, 0, value >> 8, value & 255])
const text = (value) => Buffer.from(`${value}\0`)
const READY = message('Z', Buffer.from('I'))
const WELCOME = Buffer.concat([message('R', int32(0)), READY])
const ROW = Buffer.concat([
  // One column of integers.
  message('T', int16(1), text('one'), int32(0), int16(0), int32(23), int16(4), Buffer.alloc(4, 255), int16(0)),
  message('D', int16(1), int32(1), Buffer.from('1')),
  message('C', text('SELECT 1')),
  READY,
])

const ANSWERS = {
  /** The first message has no type; then each is one simple query. */
  pg(socket) {
    let isOpen = false
    socket.on('data', (data) => {
      if (!isOpen) socket.write(WELCOME)
      else if (data[0] === 'Q'.charCodeAt(0)) socket.write(ROW)
      isOpen = true
    })
  },
  /** A command is an array of strings. */
  ioredis(socket) {
    socket.setEncoding('latin1').on('data', (data) => {
      for (const _command of data.matchAll(/\*\d+\r\n/g)) socket.write('+OK\r\n')
    })
  },
}

const server = createServer((socket) => ANSWERS[kind](socket.on('error', () => {})))
server.listen(path, () => process.send('ready'))
process.on('disconnect', () => process.exit(0))
