// Requests to the backend, with what Django wants of them.

/** A request that was not answered as it should have been. */
export class RequestProblem extends Error {
  override readonly name = 'RequestProblem';
  /** The HTTP status; 0 where the server was not reached at all. */
  readonly status: number;

  constructor(status: number, message?: string, cause?: unknown) {
    super(message ?? (status === 0 ? 'the server was not reached' : `the server answered ${status}`), { cause });
    this.status = status;
  }
}

export interface RequestOptions {
  /** The body; with it the request is a POST. */
  readonly body?: unknown;
  /** Whether the request outlives the page. */
  readonly keepalive?: boolean;
}

/** Asks the backend; rejects with a {@link RequestProblem}. */
export async function request<Answer>(path: string, { body, keepalive = false }: RequestOptions = {}): Promise<Answer> {
  const headers: Record<string, string> = { Accept: 'application/json' };
  if (body !== undefined) {
    headers['Content-Type'] = 'application/json';
    headers['X-CSRFToken'] = cookie('csrftoken');
  }
  let response: Response;
  try {
    response = await fetch(path, {
      credentials: 'same-origin',
      // somebody who is signed out is sent to the login page, which is no answer for a program
      redirect: 'manual',
      headers,
      keepalive,
      ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
    });
  } catch (cause) {
    throw new RequestProblem(0, undefined, cause);
  }
  if (response.type === 'opaqueredirect') throw new RequestProblem(401);
  if (!response.ok) throw new RequestProblem(response.status, await refusal(response));
  return (await response.json()) as Answer;
}

/** What the server says about its refusal, if anything. */
async function refusal(response: Response): Promise<string | undefined> {
  try {
    const { error } = (await response.json()) as { readonly error?: { readonly message?: string } };
    return error?.message;
  } catch {
    return undefined;
  }
}

/** Leaves for a page of the backend by a POST, as Django's logout wants it. */
export function leaveBy(path: string): void {
  const form = document.createElement('form');
  form.method = 'post';
  form.action = path;
  const token = document.createElement('input');
  token.type = 'hidden';
  token.name = 'csrfmiddlewaretoken';
  token.value = cookie('csrftoken');
  form.append(token);
  document.body.append(form);
  form.submit();
}

function cookie(name: string): string {
  const found = document.cookie.split('; ').find((pair) => pair.startsWith(`${name}=`));
  return found === undefined ? '' : decodeURIComponent(found.slice(name.length + 1));
}
