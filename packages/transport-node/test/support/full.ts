/**
 * A program whose server takes no connection for as long as it is told: its queue is filled, so a handshake of TCP takes
 * until the client tries again, one second later. Serves requests as a server, and as a proxy. Says its port once the
 * queue is full. A wait of 0 lets it take none ever.
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

// in a process of its own, since this one takes part in its handshakes while it does not wait
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
