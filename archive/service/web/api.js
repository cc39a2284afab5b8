// What the page asks of the service. Paths are relative to it, so that it works behind a proxy.

export class Problem extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

const login = document.getElementById("login");

export function url(path) {
  return new URL(path, document.baseURI).href;
}

export async function ask(path, options = {}) {
  const response = await fetch(url(path), options);
  if (response.status === 401) {
    await signIn();
    return ask(path, options);
  }
  if (!response.ok) throw new Problem(response.status, await explanation(response));
  return response.status === 204 ? null : response.json();
}

export function send(path, body, method = "POST") {
  const headers = { "Content-Type": "application/json" };
  return ask(path, { method, headers, body: JSON.stringify(body) });
}

export function below(archive) {
  return `api/v1/archives/${encodeURIComponent(archive)}/`;
}

// A job's states, told as they change; resolves with the last one.
export function follow(archive, job, onChange) {
  return new Promise((resolve, reject) => {
    const events = new EventSource(url(`${below(archive)}jobs/${job.id}/events`));
    events.addEventListener("job", (event) => {
      const now = JSON.parse(event.data);
      onChange(now);
      if (["done", "failed", "cancelled"].includes(now.state)) {
        events.close();
        resolve(now);
      }
    });
    events.onerror = () => {
      if (events.readyState !== EventSource.CLOSED) return; // it connects again by itself
      reject(new Problem(0, "the service does not answer"));
    };
  });
}

async function explanation(response) {
  try {
    const problem = await response.json();
    const errors = (problem.errors ?? []).map((error) => `${error.loc.at(-1)}: ${error.msg}`);
    return errors.length ? errors.join("; ") : problem.detail || problem.title;
  } catch {
    return `the service answered ${response.status}`;
  }
}

async function signIn() {
  if (!login.open) login.showModal();
  await new Promise((resolve) => login.addEventListener("close", resolve, { once: true }));
  const token = new FormData(login.querySelector("form")).get("token");
  const headers = { "Content-Type": "application/json" };
  const body = JSON.stringify({ token });
  await fetch(url("api/v1/session"), { method: "POST", headers, body });
}
