import { chromium, type Browser } from 'playwright-core';
import { findBrowser } from './find-browser';

/** Starts it, without a window. Its sandbox does not work for root, and in few containers. */
export async function startBrowser(): Promise<Browser> {
  const args = ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'];
  return chromium.launch({ executablePath: findBrowser(), args });
}
