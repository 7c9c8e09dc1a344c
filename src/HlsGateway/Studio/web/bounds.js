const number = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

/**
 * What a session watched, in words: what is proven where its player told of its playing, else from what is proven to what was fetched.
 *
 * @param basis measured, buffered or fetched.
 * @param low seconds that must have been played.
 * @param high seconds that were handed out.
 */
export function seconds(basis, low, high) {
  const [least, most] = [number.format(low), number.format(high)];
  return basis !== "fetched" || least === most ? `${least} s` : `${least} to ${most} s`;
}
