/**
 * The loop that each program of the throughput shares. It reads one line for each run, `CONCURRENT CODE MILLISECONDS`, and prints how many
 * calls ended, in how much time, and with how much processor time.
 */
import { createInterface } from "node:readline"
import * as Shaped from "./shaped.ts"

/** A client that is measured. */
export interface Client {
  /** Lets so many callers call CreateToken with this device code, each again and again until `isOver`. It resolves to the number of calls. */
  readonly run: (concurrent: number, deviceCode: string, isOver: () => boolean) => Promise<number>
}

/** What one run took. */
export interface Run {
  readonly calls: number
  /** In milliseconds. */
  readonly wall: number
  /** Processor time in microseconds. */
  readonly cpu: number
}

/** The port of the server, the first argument of each program. */
export const endpoint = `http://127.0.0.1:${process.argv[2]}`

/** The members of each request but the device code. */
export const members = {
  clientId: "client",
  clientSecret: Shaped.text("client secret", 1700),
  grantType: "urn:ietf:params:oauth:grant-type:device_code"
} as const

/** A client whose callers await a promise for each call. It throws if the outcome is not that of the device code. */
export const ofPromises = (call: (deviceCode: string) => Promise<"token" | "pending">): Client => ({
  run: async (concurrent, deviceCode, isOver) => {
    const expected = deviceCode.startsWith("pending-") ? "pending" : "token"
    let calls = 0
    const caller = async () => {
      while (!isOver()) {
        const outcome = await call(deviceCode)
        if (outcome !== expected) throw new Error(`the response was ${outcome}`)
        calls++
      }
    }
    await Promise.all(Array.from({ length: concurrent }, caller))
    return calls
  }
})

/** Serves the runs that the input asks for. */
export const serve = async (client: Client): Promise<void> => {
  for await (const line of createInterface({ input: process.stdin })) {
    const [concurrent, deviceCode = "", millis] = line.split(" ")
    const [begun, before] = [performance.now(), process.cpuUsage()]
    const end = begun + Number(millis)
    const calls = await client.run(Number(concurrent), deviceCode, () => performance.now() >= end)
    const { system, user } = process.cpuUsage(before)
    const run: Run = { calls, wall: performance.now() - begun, cpu: system + user }
    console.log(JSON.stringify(run))
  }
}
