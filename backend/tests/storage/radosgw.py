"""A real S3 server of the kind that companies run: Ceph's gateway, over a cluster in memory.

The gateway may be killed -9 and started again; the objects are the cluster's, which stays.
"""

import subprocess
import uuid
from contextlib import closing
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError

from tests.servers import free_port, retry, tied

KEY, SECRET, BUCKET = "tester", "a-secret-of-the-tests", "bucket"

#: All on loopback and in one folder, one copy of each object, decisions without a wait. The gateway
#: would insist on encryption towards the cluster, which there is not without its keys.
_CONFIG = """
[global]
fsid = {fsid}
mon host = v2:127.0.0.1:{monitor}
auth cluster required = none
auth service required = none
auth client required = none
ms mon client mode = crc
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pg autoscale mode = off
mon allow pool size one = true
mon max pg per osd = 1000
paxos propose interval = 0.05
osd crush chooseleaf type = 0
osd objectstore = memstore
memstore device bytes = 4294967296
run dir = {folder}
admin socket =
log file = {folder}/$name.log
mon cluster log file = {folder}/cluster.log
crash dir = {folder}
keyring = {folder}/keyring
mon data = {folder}/mon
osd data = {folder}/osd
rgw data = {folder}

[mon.a]
public addr = v2:127.0.0.1:{monitor}

[osd.0]
public addr = 127.0.0.1
cluster addr = 127.0.0.1

[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:{port}
"""


class Radosgw:
    """A gateway with one bucket, on a folder of its own."""

    def __init__(self, folder: Path) -> None:
        port = free_port()
        self.endpoint = f"http://127.0.0.1:{port}"
        self._folder = folder
        self._config = folder / "ceph.conf"
        self._fsid = str(uuid.uuid4())
        self._config.write_text(
            _CONFIG.format(fsid=self._fsid, monitor=free_port(), port=port, folder=folder)
        )
        self._cluster: list[subprocess.Popen[bytes]] = []
        self._gateway: subprocess.Popen[bytes] | None = None

    def create(self) -> None:
        """Start the cluster and the gateway, and make the user and the bucket."""
        osd = str(uuid.uuid4())
        (self._folder / "osd").mkdir()
        self._run("ceph-mon", "--mkfs", "--id=a", "--fsid", self._fsid)
        self._cluster.append(self._spawn("ceph-mon", "--id=a"))
        self._run("ceph", "osd", "new", osd)
        self._run("ceph-osd", "--mkfs", "--id=0", "--osd-uuid", osd)
        self._cluster.append(self._spawn("ceph-osd", "--id=0"))
        keys = [f"--access-key={KEY}", f"--secret-key={SECRET}"]
        self._run("radosgw-admin", "user", "create", "--uid=tester", "--display-name=T", *keys)
        self.start()
        with closing(self._client()) as client:
            client.create_bucket(Bucket=BUCKET)

    def start(self) -> None:
        """Start the gateway and wait until it answers."""
        self._gateway = self._spawn("radosgw", "--name=client.rgw")
        with closing(self._client()) as client:
            retry(client.list_buckets, EndpointConnectionError, "the gateway does not answer")

    def kill(self) -> None:
        """Kill -9 the gateway."""
        if self._gateway is not None:
            self._gateway.kill()
            self._gateway.wait()

    def stop(self) -> None:
        """End all of it: nothing is to be kept."""
        self.kill()
        for process in reversed(self._cluster):
            process.kill()
            process.wait()

    def _spawn(self, program: str, *arguments: str) -> "subprocess.Popen[bytes]":
        command = [program, "-f", f"--conf={self._config}", *arguments]
        return subprocess.Popen(
            tied(*command),
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,  # they have logs
        )

    def _run(self, program: str, *arguments: str) -> None:
        command = [program, f"--conf={self._config}", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, f"{program}: {done.stderr}"

    def _client(self) -> Any:
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id=KEY,
            aws_secret_access_key=SECRET,
            config=Config(retries={"max_attempts": 0}, proxies={}),
        )
