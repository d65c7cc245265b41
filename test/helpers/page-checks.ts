import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Page } from 'playwright-core';

const CHECKS = readFileSync(path.join(__dirname, 'page-checks.browser.js'), 'utf8');

/** What is wrong with a page for whoever does not see well, uses the keyboard, or has a small screen. */
export interface PageFaults {
  /** How many there were to look at. */
  readonly controls: number;
  readonly texts: number;
  readonly unlabelled: readonly string[];
  readonly doubleIds: readonly string[];
  /** Texts with a contrast below 4.5. */
  readonly faint: readonly string[];
  /** How wide it is, where it is wider than the window. */
  readonly tooWide: readonly string[];
}

export function checkPage(page: Page): Promise<PageFaults> {
  return page.evaluate<PageFaults>(`(() => { ${CHECKS}; return pageFaults(); })()`);
}

/** Goes through a page by Tab from its top. @returns what has the focus, in order, and whether one sees that */
export async function tabThrough(
  page: Page,
  steps: number,
): Promise<{ readonly id: string; readonly seen: boolean }[]> {
  const focused: { id: string; seen: boolean }[] = [];
  for (let step = 0; step < steps; step++) {
    await page.keyboard.press('Tab');
    focused.push(
      await page.evaluate<{ id: string; seen: boolean }>(`(() => {
        const at = document.activeElement;
        const marked = at.type === 'radio' ? at.nextElementSibling : at;
        const { outlineStyle, outlineWidth } = getComputedStyle(marked);
        return { id: at.id || at.textContent, seen: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2 };
      })()`),
    );
  }
  return focused;
}
