import { createHash } from 'node:crypto';
import { html, type Html } from '../pages/html.js';

const SIZE = 21;
const FINDER = 7;

/** A picture that looks like a QR code and says nothing: the buttons below it are the phones. */
export function scanCode(seed: string): Html {
  const bits = [...createHash('sha512').update(seed).digest()].flatMap((byte) =>
    [...byte.toString(2).padStart(8, '0')].map((bit) => bit === '1'),
  );
  const cells = Array.from({ length: SIZE * SIZE }, (_, index) => ({
    x: index % SIZE,
    y: Math.floor(index / SIZE),
    isDark: bits[index % bits.length] === true,
  }));
  const dark = cells.filter(({ x, y, isDark }) => finderModule(x, y) ?? isDark);
  return html`<svg viewBox="-2 -2 25 25" width="168" height="168" role="img" aria-label="A code to scan">
    <rect x="-2" y="-2" width="25" height="25" fill="#fff" />
    <path fill="#111" d="${dark.map(({ x, y }) => `M${x} ${y}h1v1h-1z`).join('')}" />
  </svg>`;
}

/** Whether this module of a corner's square is dark; undefined elsewhere. */
function finderModule(x: number, y: number): boolean | undefined {
  const left = x <= FINDER ? x : x >= SIZE - FINDER - 1 ? SIZE - 1 - x : undefined;
  const top = y <= FINDER ? y : y >= SIZE - FINDER - 1 ? SIZE - 1 - y : undefined;
  const isLowerRight = x > FINDER && y > FINDER;
  if (left === undefined || top === undefined || isLowerRight) return undefined;
  if (left === FINDER || top === FINDER) return false;
  const ring = Math.max(Math.abs(left - 3), Math.abs(top - 3));
  return ring !== 2;
}
