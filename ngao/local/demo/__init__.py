"""The demonstration: invented reports through real parts, shown hop by hop."""
