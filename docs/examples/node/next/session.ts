// Stands for the application's own login.

/** Who is signed in. */
export function userOf(request: Request): string | undefined {
  return /(?:^|; )user=([a-z]+)/.exec(request.headers.get('cookie') ?? '')?.[1];
}
