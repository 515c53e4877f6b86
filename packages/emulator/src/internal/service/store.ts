/**
 * Entries by their keys, bounded in number and in bytes.
 *
 * When there is no room, it drops used and expired entries first, and then the least recently used entry. It keeps entries
 * that are in use by a person or a poller, so a new entry cannot end a login in use.
 */
import * as Size from "./size.ts"

export interface Limits {
  readonly capacity: number
  readonly capacityBytes: number
}

interface Entry<A> {
  readonly value: A
  readonly bytes: number
  /** The number of the entry in the order of arrival. The map has the order of use. */
  readonly made: number
  busy: { readonly since: number; readonly until: number } | undefined
}

// In bytes: the entry itself, and its place in the maps
const overhead = 256

export const make = <A>(
  options: Limits & {
    /** The part of a value to measure, without the parts that other stores measure. */
    readonly content: (value: A) => unknown
    /** Whether the entry is used or expired. */
    readonly isOver: (value: A, now: number) => boolean
    /** The client that it belongs to. */
    readonly owner?: (value: A) => string
    /** Called with each entry that is dropped. `set` does not call it. */
    readonly onDrop?: (value: A) => void
  }
) => {
  // The least recently used entry comes first
  const entries = new Map<string, Entry<A>>()
  const owned = new Map<string, Set<string>>()
  let bytes = 0
  let made = 0

  const sizeOf = (key: string, value: A): number => overhead + Size.of(key) + Size.of(options.content(value))

  const forget = (key: string, entry: Entry<A>): void => {
    entries.delete(key)
    bytes -= entry.bytes
    const owner = options.owner?.(entry.value)
    if (owner === undefined) return
    const keys = owned.get(owner)
    keys?.delete(key)
    if (keys?.size === 0) owned.delete(owner)
  }

  const drop = (key: string): void => {
    const entry = entries.get(key)
    if (entry === undefined) return
    forget(key, entry)
    options.onDrop?.(entry.value)
  }

  const fits = (size: number): boolean => entries.size < options.capacity && bytes + size <= options.capacityBytes

  // If the clock was set back, the time of the last use is unknown
  const isBusy = ({ busy }: Entry<A>, now: number): boolean =>
    busy !== undefined && now >= busy.since && now < busy.until

  const ownedBy = (owner: string): ReadonlyArray<string> => [...owned.get(owner) ?? []]

  const moved = (key: string, entry: Entry<A>): void => {
    entries.delete(key)
    entries.set(key, entry)
  }

  return {
    get: (key: string): A | undefined => entries.get(key)?.value,
    has: (key: string): boolean => entries.has(key),
    /** Keeps a value, and replaces the value with the same key. The caller has to make room first. */
    set: (key: string, value: A): void => {
      const before = entries.get(key)
      if (before !== undefined) forget(key, before)
      const size = sizeOf(key, value)
      entries.set(key, { value, bytes: size, made: before?.made ?? made++, busy: undefined })
      bytes += size
      const owner = options.owner?.(value)
      if (owner !== undefined) owned.set(owner, (owned.get(owner) ?? new Set()).add(key))
    },
    drop,
    /** Drops every entry for which `test` is true. */
    dropWhere: (test: (value: A) => boolean): void => {
      for (const [key, { value }] of entries) if (test(value)) drop(key)
    },
    dropOwnedBy: (owner: string): void => {
      for (const key of ownedBy(owner)) drop(key)
    },
    ownedBy,
    /** Marks the entry as the most recently used. */
    touch: (key: string): void => {
      const entry = entries.get(key)
      if (entry !== undefined) moved(key, entry)
    },
    /** Marks the entry as in use by a person or a poller for these milliseconds. */
    attend: (key: string, now: number, millis: number): void => {
      const entry = entries.get(key)
      if (entry === undefined) return
      moved(key, entry)
      const until = isBusy(entry, now) ? Math.max(entry.busy?.until ?? 0, now + millis) : now + millis
      entry.busy = { since: now, until }
    },
    /** Makes room for one more entry. It gives `false` if there is none, because all other entries are in use. */
    makeRoom: (key: string, value: A, now: number): boolean => {
      const size = sizeOf(key, value)
      if (size > options.capacityBytes) return false
      if (fits(size)) return true
      for (const [key, entry] of entries) if (options.isOver(entry.value, now)) drop(key)
      for (const [key, entry] of entries) {
        if (fits(size)) return true
        if (!isBusy(entry, now)) drop(key)
      }
      return fits(size)
    },
    /** Whether there is room for all of these too. An item replaces the entry with the same key. */
    hasRoomFor: (items: ReadonlyArray<readonly [key: string, value: A]>): boolean => {
      let count = entries.size
      let size = bytes
      for (const [key, value] of items) {
        const before = entries.get(key)
        if (before === undefined) count++
        size += sizeOf(key, value) - (before?.bytes ?? 0)
      }
      return count <= options.capacity && size <= options.capacityBytes
    },
    /** All entries in the order of arrival, the oldest first. */
    list: (): ReadonlyArray<readonly [key: string, value: A]> =>
      [...entries].toSorted(([, a], [, b]) => a.made - b.made).map(([key, { value }]) => [key, value]),
    clear: (): void => {
      entries.clear()
      owned.clear()
      bytes = 0
    },
    count: (): number => entries.size,
    bytes: (): number => bytes
  }
}

export type Store<A> = ReturnType<typeof make<A>>
