/** Longest status text, in UTF-16 units (contract 8.4, text normalization). */
export const MAX_TEXT_LENGTH = 120;

/**
 * Trims a status text and keeps its first 120 UTF-16 units (contract 8.4), or 119 where the cut would halve a character.
 * What no database stores as it is (half a character) becomes U+FFFD, as the database would make it.
 * Absent stays absent: only an empty text clears what is shown.
 */
export function normalizeStatusText(text: string | undefined): string | undefined {
  if (text == null) return undefined;
  const trimmed = text.trim();
  const endsInPair = isHigh(trimmed, MAX_TEXT_LENGTH - 1) && isLow(trimmed, MAX_TEXT_LENGTH);
  return wellFormed(trimmed.slice(0, endsInPair ? MAX_TEXT_LENGTH - 1 : MAX_TEXT_LENGTH));
}

/** The text as it is stored as UTF-8: each lone half of a surrogate pair is U+FFFD. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd');
}

function isHigh(text: string, at: number): boolean {
  return /[\ud800-\udbff]/.test(text.charAt(at));
}

function isLow(text: string, at: number): boolean {
  return /[\udc00-\udfff]/.test(text.charAt(at));
}
