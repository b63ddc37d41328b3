"""Evidence for published numbers: their files' hashes, the verifier, and the reference that is committed."""
