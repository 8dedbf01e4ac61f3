"""Certificates for tests: an authority, and servers on 127.0.0.1 that it vouches for; good for a day."""
import os
import subprocess


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True, timeout=60)


def new_key(path):
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", path)


class Authority:
    """`bundle` is the PEM file to trust."""

    def __init__(self, folder, name):
        self.path = os.path.join(folder, name)
        self.bundle = self.path + ".pem"
        new_key(self.path + ".key")
        openssl("req", "-x509", "-new", "-key", self.path + ".key", "-out", self.bundle, "-days", "1",
                "-subj", f"/CN={name}", "-addext", "keyUsage=critical,keyCertSign")

    def server(self, name="IP:127.0.0.1"):
        """A PEM file of a certificate for this name, and its key."""
        base = f"{self.path}-{name.split(':')[1]}"
        with open(base + ".ext", "w", encoding="ascii") as file:
            file.write(f"subjectAltName={name}\nbasicConstraints=CA:false\n")
        new_key(base + ".key")
        openssl("req", "-new", "-key", base + ".key", "-out", base + ".csr", "-subj", "/CN=server")
        openssl("x509", "-req", "-in", base + ".csr", "-CA", self.bundle, "-CAkey", self.path + ".key",
                "-CAcreateserial", "-days", "1", "-extfile", base + ".ext", "-out", base + ".crt")
        with open(base + ".both", "w", encoding="ascii") as both:
            for part in (".crt", ".key"):
                with open(base + part, encoding="ascii") as file:
                    both.write(file.read())
        return base + ".both"
