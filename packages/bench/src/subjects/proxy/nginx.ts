import { firstUrl, type Backend } from "../../backend.ts";
import { startNginx, type Nginx } from "../../nginx.ts";
import { CONNECTIONS } from "./subject.ts";

/** nginx as a proxy with kept connections and no files: the measure of what no Node can reach. */
export function startNginxProxy(
  backend: Backend,
  folder: string,
  core: number | undefined,
): Promise<Nginx> {
  return startNginx({
    ...{ folder, core, ports: 1 },
    http: `map $http_upgrade $connection_upgrade { default upgrade; "" ""; }
  upstream shop {
    server ${new URL(firstUrl(backend)).host};
    keepalive ${CONNECTIONS};
    keepalive_requests 1000000000;
  }`,
    server: `location / {
      proxy_pass http://shop;
      proxy_http_version 1.1;
      proxy_set_header Connection $connection_upgrade;
      proxy_set_header Upgrade $http_upgrade;
      proxy_read_timeout 600s;
      proxy_set_header Host $http_host;
      proxy_max_temp_file_size 0;
      proxy_request_buffering off;
      client_max_body_size 2m;
    }`,
  });
}
