import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.join(__dirname, '../..');

/** A fenced block of a document. */
export interface Sample {
  /** From the top of the project: `docs/HTTP.md`. */
  readonly file: string;
  /** What stands behind the fence: `sh`, `json`, …; empty where nothing does. */
  readonly language: string;
  readonly text: string;
}

/** Documents for people: README, and all of docs/ but its decisions. */
export const DOCUMENTS: readonly string[] = [
  'README.md',
  ...readdirSync(path.join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

export const readDocument = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');

/** All fenced blocks of a document, in order. */
export function samplesOf(file: string): Sample[] {
  return [...readDocument(file).matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language, text]) => ({
    file,
    language: language!,
    text: text!,
  }));
}

/** The one block of a document that begins so. */
export function sampleOf(file: string, begins: string): Sample {
  const [sample, ...others] = samplesOf(file).filter(({ text }) => text.startsWith(begins));
  if (!sample || others.length > 0) throw new Error(`${file} has ${others.length + (sample ? 1 : 0)} of: ${begins}`);
  return sample;
}

/** Lines of a shell that a line's last backslash goes on with are one. */
export function commandsIn({ text }: Sample): string[] {
  return text
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .map((line) => line.replace(/\s+#.*$/, ''))
    .filter(Boolean);
}
