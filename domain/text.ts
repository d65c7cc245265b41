/** Longest status text, in UTF-16 units (contract 8.4, text normalization). */
export const MAX_TEXT_LENGTH = 120;

/**
 * Trims a status text and keeps its first 120 UTF-16 units (contract 8.4).
 * Absent stays absent: only an empty text clears what is shown.
 */
export function normalizeStatusText(text: string | undefined): string | undefined {
  return text?.trim().slice(0, MAX_TEXT_LENGTH);
}
