// Certificates for journeys, made by openssl: an authority, and what it (or nobody) vouches for.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { runToEnd } from "./process.ts";

export interface Certificate {
  certificate: string;
  key: string;
}

const openssl = (...args: string[]): Promise<string> => runToEnd("openssl", args);

export async function makeAuthority(folder: string, name: string): Promise<Certificate> {
  const made = { certificate: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) };
  await openssl(
    "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", `/CN=${name}`,
    "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign", "-keyout", made.key, "-out", made.certificate,
  );
  return made;
}

/** `names` as "DNS:localhost,IP:127.0.0.1". */
export async function makeCertificate(folder: string, name: string, names: string, by: Certificate): Promise<Certificate> {
  const made = { certificate: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) };
  const request = join(folder, `${name}.csr`);
  const extensions = join(folder, `${name}.ext`);
  writeFileSync(extensions, `subjectAltName=${names}\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth,clientAuth\n`);
  await openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", `/CN=${name}`, "-keyout", made.key, "-out", request);
  await openssl("x509", "-req", "-in", request, "-CA", by.certificate, "-CAkey", by.key, "-days", "2", "-extfile", extensions, "-out", made.certificate);
  return made;
}
