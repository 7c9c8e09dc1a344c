/** The moment of a wall clock (2026-03-29T14:30) in a zone. Where clocks jump over it, the moment after; where it comes twice, the first. */
export function momentOf(wall, zone) {
  const asUtc = Date.parse(`${wall.length === 16 ? `${wall}:00` : wall}Z`);
  const format = new Intl.DateTimeFormat("en-CA", { timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const offset = at => {
    const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
    return Date.parse(`${part.year}-${part.month}-${part.day}T${part.hour}:${part.minute}:${part.second}Z`) - at;
  };
  const [before, after] = [-86400e3, 86400e3].map(day => asUtc - offset(asUtc + day));
  return new Date([before, after].find(at => at + offset(at) === asUtc) ?? before).toISOString();
}
