/**
 * The polls that one core answers: the emulator, a server by hand, and Effect's server with a constant response. Each is a process of
 * its own. This process is the client. What counts is the processor time of the server.
 */
import { type ChildProcess, fork } from "node:child_process"
import { connect, type Socket } from "node:net"
import { atLeast, type Context, type Measurement, median } from "./bench.ts"

// -----------------------------------------------------------------------------
// messages
// -----------------------------------------------------------------------------

type Server = "effect" | "emulator" | "node"

/** The answer that the peers give. It has the bytes of the emulator's own answer. */
export interface Given {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** What this process asks of a server: start to listen, begin to count processor time, or tell it in microseconds. */
export type Asked =
  | { readonly _tag: "Start"; readonly server: "emulator"; readonly count: number }
  | { readonly _tag: "Start"; readonly server: "effect" | "node"; readonly given: Given }
  | { readonly _tag: "Begin" }
  | { readonly _tag: "End" }

/** Where a server listens. The emulator tells its codes too. */
export interface Codes {
  readonly port: number
  readonly clientId: string
  readonly clientSecret: string
  readonly codes: ReadonlyArray<string>
}

// -----------------------------------------------------------------------------
// client
// -----------------------------------------------------------------------------

const connections = 32

/** A poll of a code must come 1 second after the last. One turn takes less than this many. */
const codeCount = 25_000

const turn = 600

const pending = "\"authorization_pending\""

const requestOf = (port: number, { clientId, clientSecret }: Codes, deviceCode: string): string => {
  const body = JSON.stringify({
    clientId,
    clientSecret,
    deviceCode,
    grantType: "urn:ietf:params:oauth:grant-type:device_code"
  })
  return `POST /token HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nuser-agent: bench\r\naccept: application/json\r\n` +
    `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`
}

/** Sends one request after the other until `more` gives none. It fails if a response is not that of a pending login. */
const converse = (socket: Socket, more: () => string | undefined): Promise<void> =>
  new Promise((resolve, reject) => {
    let text = ""
    const end = (error?: Error): void => {
      socket.off("data", read).off("error", end).off("close", closed)
      if (error === undefined) resolve()
      else reject(error)
    }
    const closed = (): void => end(new Error("the server closed the connection"))
    const next = (): void => {
      const request = more()
      if (request === undefined) end()
      else socket.write(request)
    }
    const read = (chunk: string): void => {
      text += chunk
      const at = text.indexOf("\r\n\r\n")
      const length = /content-length: (\d+)/i.exec(text)?.[1]
      if (at === -1 || length === undefined || text.length < at + 4 + Number(length)) return
      if (!text.includes(pending)) return end(new Error(`a poll got ${text}`))
      text = ""
      next()
    }
    socket.on("data", read).on("error", end).on("close", closed)
    next()
  })

/** A server in a process of its own, with open connections to it. */
class Running {
  readonly child: ChildProcess
  readonly told: Codes
  readonly sockets: ReadonlyArray<Socket>

  private constructor(child: ChildProcess, told: Codes) {
    this.child = child
    this.told = told
    this.sockets = Array.from(
      { length: connections },
      () => connect(told.port, "127.0.0.1").setNoDelay(true).setEncoding("latin1")
    )
  }

  static async start(path: string, asked: Asked): Promise<Running> {
    const child = fork(path, { stdio: ["ignore", "inherit", "inherit", "ipc"] })
    const told = await ask<Codes>(child, asked)
    return new Running(child, told)
  }

  end(): void {
    for (const socket of this.sockets) socket.destroy()
    this.child.kill()
  }
}

const ask = <Answer>(child: ChildProcess, asked: Asked): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const ended = (code: number | null): void => reject(new Error(`the server ended with ${code}`))
    child.once("exit", ended)
    child.once("message", (answer: Answer) => {
      child.off("exit", ended)
      resolve(answer)
    })
    child.send(asked)
  })

interface Figures {
  /** The polls in one second of the server's processor time. */
  readonly byProcessor: number
  /** The polls in one second of the clock. */
  readonly byClock: number
}

/** Polls for one turn, over all connections. */
const poll = async ({ child, sockets }: Running, requestAt: (count: number) => string): Promise<Figures> => {
  let count = 0
  await ask<number>(child, { _tag: "Begin" })
  const begun = performance.now()
  const more = (): string | undefined => performance.now() - begun < turn ? requestAt(count++) : undefined
  await Promise.all(sockets.map((socket) => converse(socket, more)))
  const seconds = (performance.now() - begun) / 1000
  const micros = await ask<number>(child, { _tag: "End" })
  return { byProcessor: count / (micros / 1e6), byClock: count / seconds }
}

/** The emulator's own answer to a poll, for the peers. */
const answerOf = async ({ told }: Running): Promise<Given> => {
  const { clientId, clientSecret, codes: [deviceCode = ""], port } = told
  const response = await fetch(`http://127.0.0.1:${port}/token`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      clientId,
      clientSecret,
      deviceCode,
      grantType: "urn:ietf:params:oauth:grant-type:device_code"
    })
  })
  const body = await response.text()
  if (!body.includes(pending)) throw new Error(`the first poll got ${body}`)
  const { connection: _, "keep-alive": __, ...headers } = Object.fromEntries(response.headers)
  return { status: response.status, headers, body }
}

// -----------------------------------------------------------------------------
// measurement
// -----------------------------------------------------------------------------

const rounds = 11

const names: Readonly<Record<Server, string>> = {
  emulator: "ours",
  node: "node:http by hand",
  effect: "Effect's server with a constant response"
}

export const measurement: Measurement = {
  title: "Emulator",
  measure: async ({ bundle }: Context) => {
    const { path } = await bundle({ name: "emulator-server" })
    const emulator = await Running.start(path, { _tag: "Start", server: "emulator", count: codeCount })
    const running: Array<readonly [Server, Running]> = [["emulator", emulator]]
    try {
      const given = await answerOf(emulator)
      for (const server of ["node", "effect"] as const) {
        running.push([server, await Running.start(path, { _tag: "Start", server, given })])
      }
      // Made before the turns, so that the client has little to do. The peers read the same bytes
      const requests = emulator.told.codes.slice(1).map((code) => requestOf(emulator.told.port, emulator.told, code))
      const figures: Record<Server, Array<Figures>> = { emulator: [], node: [], effect: [] }
      let at = 0
      for (let round = 0; round <= rounds; round++) {
        for (const [server, each] of running) {
          const turned = await poll(each, () => requests[at++ % requests.length] ?? "")
          if (round > 0) figures[server].push(turned)
        }
      }
      const samples = (server: Server, by: keyof Figures) => ({
        of: names[server],
        values: figures[server].map((figure) => figure[by])
      })
      const micros = (server: Server) => 1e6 / median(samples(server, "byProcessor").values)
      return {
        rows: [
          {
            measure: "polls in one second of the server's processor time",
            unit: "polls/s",
            ours: samples("emulator", "byProcessor"),
            peer: samples("node", "byProcessor"),
            goal: atLeast(6000)
          },
          {
            measure: "… beside Effect's own server",
            unit: "polls/s",
            ours: samples("emulator", "byProcessor"),
            peer: samples("effect", "byProcessor")
          },
          {
            measure: `polls in one second of the clock, over ${connections} connections`,
            unit: "polls/s",
            ours: samples("emulator", "byClock"),
            peer: samples("node", "byClock")
          }
        ],
        plots: [{
          file: "bench-emulator",
          title: "Processor time of one poll of the emulator",
          unit: "µs",
          kind: "bars",
          x: ["node:http by hand", "Effect's server", "the emulator"],
          series: [{ name: "the server", values: [micros("node"), micros("effect"), micros("emulator")] }]
        }]
      }
    } finally {
      for (const [, each] of running) each.end()
    }
  }
}
