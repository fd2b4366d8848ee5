// How this platform is called in the names of native packages, which are those of napi-rs.

import { readFileSync } from 'node:fs';

let known: string | undefined;

/** `linux-x64-gnu`, `darwin-arm64`, `win32-x64-msvc`, … */
export function triple(): string {
  known ??= found();
  return known;
}

function found(): string {
  const { platform, arch } = process;
  if (platform === 'linux') return `linux-${arch}-${isMusl() ? 'musl' : 'gnu'}`;
  return platform === 'win32' ? `win32-${arch}-msvc` : `${platform}-${arch}`;
}

/** The script `ldd` belongs to the C library; where there is none, Node's report says with which glibc it runs. */
function isMusl(): boolean {
  try {
    return readFileSync('/usr/bin/ldd', 'utf8').includes('musl');
  } catch {
    const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
    return report.header?.glibcVersionRuntime === undefined;
  }
}
