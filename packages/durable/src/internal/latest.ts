/**
 * A map that keeps the entries that were used last, so that made-up keys fill no memory.
 */

/** Puts an entry in as the last used, and forgets the oldest beyond `most`. */
export const put = <A>(map: Map<string, A>, key: string, value: A, most: number): A => {
  map.delete(key)
  map.set(key, value)
  for (const oldest of map.keys()) {
    if (map.size <= most) break
    map.delete(oldest)
  }
  return value
}
