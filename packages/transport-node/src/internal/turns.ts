/**
 * Turns of the event loop, and whether a connection is still of use.
 */
import type { Socket } from "node:net"

// A test's fake timers may replace the globals later, and sockets know no other time than the real one.
const { clearTimeout, setImmediate, setTimeout } = globalThis

export type Timer = ReturnType<typeof setTimeout>

/** A timer of the platform. */
export const after = (millis: number, act: () => void): Timer => setTimeout(act, millis)

export const cancel = (timer: Timer | undefined): void => clearTimeout(timer)

/**
 * Acts once the platform has read what the kernel holds for its sockets. The first turn may be the rest of the one that
 * we are in, whose reading is over. The second has read.
 */
export const afterReading = (act: () => void): void => {
  setImmediate(() => setImmediate(act))
}

/** Acts after one turn. A timer that is overdue runs before the sockets that were ready in time. */
export const nextTurn = (act: () => void): void => {
  setImmediate(act)
}

/** Whether no end and no failure of the connection has been read. */
export const isAlive = (socket: Socket): boolean =>
  !socket.destroyed && socket.readable && socket.writable && !socket.readableEnded
