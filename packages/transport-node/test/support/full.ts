/**
 * A program whose server accepts no connection for as long as the test says. Its queue is full, so a TCP handshake takes until
 * the client tries again, one second later. It serves requests as a server and as a proxy. It writes its port once the queue is
 * full. With a wait of 0 it never accepts any.
 */
import * as Http from "node:http"
import * as Net from "node:net"

const [host = "127.0.0.1", port = "0", wait = "0"] = process.argv.slice(2)

const server = Http.createServer((_request, response) => response.end("late"))
server.on("connect", (request, socket) => {
  const inner = Net.connect(Number(request.url?.split(":").at(-1)), "127.0.0.1", () => {
    socket.write("HTTP/1.1 200 OK\r\n\r\n")
    socket.pipe(inner).pipe(socket)
  })
  inner.on("error", () => {})
  socket.on("error", () => {})
})

// in its own process, because this process completes handshakes while it does not wait
const filler = `
const fill = () => require("node:net").connect(Number(process.argv[1]), process.argv[2]).on("error", () => {})
for (let i = 0; i < 4; i++) fill()
setTimeout(() => process.stdout.write("full"), 100)
`

server.listen({ host, port: Number(port), backlog: 1 }, () => {
  const address = server.address()
  const taken = address !== null && typeof address === "object" ? String(address.port) : ""
  const { spawn } = process.getBuiltinModule("node:child_process")
  spawn(process.execPath, ["-e", filler, taken, host], { stdio: ["ignore", "inherit", "ignore"] })
  process.stdout.write(`${taken}\n`, () => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, wait === "0" ? 20_000 : Number(wait))
  })
})
// nothing outlives its test
setTimeout(() => process.exit(), 20_000).unref()
