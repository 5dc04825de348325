"""Files as they were received: found, opened read-only, hashed, unpacked and decoded."""
