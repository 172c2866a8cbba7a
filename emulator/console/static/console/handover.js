// What one view leaves for the next: text that does not belong into an address.

const left = new Map();

export const handOver = (name, what) => left.set(name, what);

export function take(name) {
  const what = left.get(name);
  left.delete(name);
  return what;
}
