/**
 * A program whose server responds to each request and closes the connection 50 ms later, without announcing it. It is its own
 * process, so it closes while the process under test is frozen. It writes its port, and then each request that it sees.
 *
 * - `end`, `reset`: how it closes.
 * - `greet`: closes each connection as soon as it is accepted.
 */
import * as Net from "node:net"
import * as Tls from "node:tls"
import * as Authority from "./testOnlyAuthority.ts"

const [how = "end", secure = ""] = process.argv.slice(2)

// only the connection below TLS can be reset
const below = new Map<number | undefined, Net.Socket>()

const close = (socket: Net.Socket) => how === "reset" ? below.get(socket.remotePort)?.resetAndDestroy() : socket.end()

const take = (socket: Net.Socket) => {
  socket.on("error", () => {})
  if (how === "greet") return void close(socket)
  socket.on("data", (data) => {
    process.stdout.write(`${data.toString("latin1").split(" ")[1]}\n`)
    socket.write("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello")
    setTimeout(() => close(socket), 50)
  })
}

const server = secure === "" ? Net.createServer(take) : Tls.createServer(Authority.server, take)
server.on("connection", (socket: Net.Socket) => below.set(socket.remotePort, socket))
server.listen(0, "127.0.0.1", () => {
  const address = server.address()
  process.stdout.write(`${address !== null && typeof address === "object" ? address.port : 0}\n`)
})
setTimeout(() => process.exit(), 20_000).unref()
